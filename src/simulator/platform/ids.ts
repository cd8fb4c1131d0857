const alphabet = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_', 'latin1')
const sixBits = new Int8Array(256).fill(-1)
alphabet.forEach((character, value) => {
  sixBits[character] = value
})

/** Bytes of one openid or unionid. */
export const idLength = 28
const prefixLength = 6

/**
 * Ids that look like WeChat's (28 characters, the first 6 common to the account) and say which person they belong to,
 * so that a million people need no table.
 */
export interface IdCodec {
  /** Writes the id of person n at `offset`. */
  write(n: number, target: Uint8Array, offset: number): void
  encode(n: number): string
  /** The person's number, or -1 for an id this codec has not made. */
  decode(id: string): number
}

export function createIdCodec(head: string, seed: number): IdCodec {
  const prefix = Buffer.from(head + randomText(createRandom(seed), prefixLength - head.length), 'latin1')
  const salt = mix(seed)
  const scratch = Buffer.alloc(idLength)

  function write(n: number, target: Uint8Array, offset: number): void {
    target.set(prefix, offset)
    let at = offset + prefixLength
    const first = mix((n ^ salt) >>> 0)
    let word = mix(first ^ 0x9e3779b9)
    for (let shift = 0; shift < 30; shift += 6) target[at++] = sign(first >>> shift)
    target[at++] = sign((first >>> 30) | (word << 2))
    for (let part = 0; part < 4; part++) {
      target[at++] = sign(word >>> 8)
      target[at++] = sign(word >>> 14)
      target[at++] = sign(word >>> 20)
      target[at++] = sign(word >>> 26)
      word = mix(word + 0x9e3779b9)
    }
  }

  function decode(id: string): number {
    if (id.length !== idLength) return -1
    let first = 0
    for (let position = 0; position < 6; position++) {
      const bits = sixBits[id.charCodeAt(prefixLength + position) & 255] ?? -1
      if (bits < 0) return -1
      first |= bits << (position * 6)
    }
    const n = (unmix(first >>> 0) ^ salt) >>> 0
    write(n, scratch, 0)
    for (let position = 0; position < idLength; position++) {
      if (scratch[position] !== id.charCodeAt(position)) return -1
    }
    return n
  }

  return {
    write,
    decode,
    encode(n) {
      write(n, scratch, 0)
      return scratch.toString('latin1')
    },
  }
}

/** A repeatable source of numbers from 0 to below 1. */
export function createRandom(seed: number): () => number {
  let state = mix(seed)
  return () => {
    state = (state + 0x9e3779b9) >>> 0
    return mix(state) / 2 ** 32
  }
}

/** Letters, digits, `-` and `_`. */
export function randomText(random: () => number, length: number): string {
  let text = ''
  while (text.length < length) text += String.fromCharCode(sign(random() * 64))
  return text
}

export function randomHex(random: () => number, length: number): string {
  let text = ''
  while (text.length < length) text += Math.floor(random() * 16).toString(16)
  return text
}

/** Spreads the 32 bits of a number; every result belongs to one number (constants: "lowbias32" by C. Wellons). */
export function mix(value: number): number {
  let x = value | 0
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d)
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b)
  return (x ^ (x >>> 16)) >>> 0
}

function unmix(value: number): number {
  let x = value | 0
  x ^= x >>> 16
  x = Math.imul(x, 0x43021123)
  x ^= (x >>> 15) ^ (x >>> 30)
  x = Math.imul(x, 0x1d69e2a5)
  return (x ^ (x >>> 16)) >>> 0
}

function sign(bits: number): number {
  return alphabet[bits & 63] ?? 0
}
