import { say } from '../base/sentences/sentence.ts'
import { DatabaseError } from './databaseError.ts'

/**
 * A file of this package by its place relative to this one. Found when it is used, because a program that bundles the
 * package may have no use for it, and by a variable, because a bundler would try to follow it otherwise.
 */
export function toPackageFile(path: string): URL {
  // Not in a bundle that is CommonJS.
  const here: string | undefined = import.meta.url
  if (here !== undefined) return new URL(path, here)
  throw new DatabaseError('failed', say('db.bundled'))
}
