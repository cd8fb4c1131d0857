/** A transaction met others that wanted the same rows: nothing of it was done, and next time it may well pass. */
export function isPostgresCollision(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^40(001|P01)$/.test(String(error.code))
}
