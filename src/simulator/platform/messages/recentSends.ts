/** Slots at first; doubled before two thirds of them are taken. */
const firstSlots = 1_024

/**
 * Numbers and times of messages by their key. Millions must stay cheap: of a key only two hashes are kept, 64 bits
 * together, which no two of some millions share.
 */
export function createRecentSends(startedAt: number) {
  let slots = createSlots(firstSlots)
  let size = 0

  return {
    set(key: string, number: number, at: number): void {
      if (size * 3 >= slots.mask * 2) grow()
      const [first, mark] = toHashes(key)
      const slot = findSlot(slots, first, mark)
      if (slots.marks[slot] === 0) size += 1
      slots.hashes[slot] = first
      slots.marks[slot] = mark
      slots.numbers[slot] = number
      slots.times[slot] = at - startedAt
    },
    find(key: string): { number: number; at: number } | undefined {
      const slot = findSlot(slots, ...toHashes(key))
      const { marks, numbers, times } = slots
      if (marks[slot] === 0) return undefined
      return { number: numbers[slot] ?? 0, at: startedAt + (times[slot] ?? 0) }
    },
  }

  function grow(): void {
    const old = slots
    slots = createSlots((old.mask + 1) * 2)
    for (let from = 0; from <= old.mask; from++) {
      const mark = old.marks[from] ?? 0
      if (mark === 0) continue
      const to = findSlot(slots, old.hashes[from] ?? 0, mark)
      slots.hashes[to] = old.hashes[from] ?? 0
      slots.marks[to] = mark
      slots.numbers[to] = old.numbers[from] ?? 0
      slots.times[to] = old.times[from] ?? 0
    }
  }
}

type Slots = ReturnType<typeof createSlots>

/** A mark of 0 is a free slot. */
function createSlots(count: number) {
  return {
    mask: count - 1,
    hashes: new Uint32Array(count),
    marks: new Uint32Array(count),
    numbers: new Uint32Array(count),
    times: new Uint32Array(count),
  }
}

/** Where the key is, or the free slot where it would be. */
function findSlot({ mask, hashes, marks }: Slots, first: number, mark: number): number {
  let slot = first & mask
  while (marks[slot] !== 0 && (marks[slot] !== mark || hashes[slot] !== first)) slot = (slot + 1) & mask
  return slot
}

/** The second is never 0. */
function toHashes(key: string): [number, number] {
  return [hash(key, 0x811c9dc5), (hash(key, 0x9e3779b9) | 1) >>> 0]
}

/** FNV-1a over UTF-16 with the last mixing of murmur, from another start for another hash. */
function hash(text: string, start: number): number {
  let value = start
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193)
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35)
  return (value ^ (value >>> 16)) >>> 0
}
