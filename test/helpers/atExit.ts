const ends = new Set<() => void>()
process.on('exit', () => {
  for (const end of ends) end()
})

/** Has `end` called should this process end before its time; what it returns takes that back. */
export function atExit(end: () => void): () => void {
  ends.add(end)
  return () => void ends.delete(end)
}
