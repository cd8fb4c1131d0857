/** The same answer for everybody who asks within `life` milliseconds, those included who ask while it is looked for. */
export function rememberFor<T>(life: number, look: () => Promise<T>): () => Promise<T> {
  let answer: { promise: Promise<T>; at: number } | undefined
  return () => {
    const now = performance.now()
    if (!answer || now - answer.at > life) answer = { promise: look(), at: now }
    return answer.promise
  }
}
