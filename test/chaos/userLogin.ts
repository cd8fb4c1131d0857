import { z } from 'zod'
import type { World } from './world.ts'

const users = 3
const answer = z.object({ token: z.string() })

/** Logs a few users of the mini-program in; resolves with what nobody but WeChat and the vault may know of them. */
export async function logIn({ simulator, desk }: World): Promise<string[]> {
  const logins = Array.from({ length: users }, async (_, user) => {
    const response = await fetch(`${desk.url}/miniprogram/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ code: simulator.mintCode(user) }),
    })
    const { token } = answer.parse(await response.json())
    return [token, simulator.sessionKeyOf(user) ?? '']
  })
  return (await Promise.all(logins)).flat()
}
