import { environmentSchema } from '../../src/base/environment/variables.ts'

/** Of the names that a file sets, those that the program would not read. */
export function findUnknownVariables(names: string[]): string[] {
  return names.filter((name) => !(name in environmentSchema.shape))
}
