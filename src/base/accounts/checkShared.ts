import { type Checked, check, type Environment, toProblem } from '../environment/checkEnvironment.ts'
import { type SharedValues, sharedSchema, singleAccountVariables } from '../environment/requirements.ts'
import { say } from '../sentences/sentence.ts'

/** What stands in the environment beside the file: nothing of a single account. */
export function checkShared(env: Environment): Checked<SharedValues> {
  const checked = check(sharedSchema, env)
  const misplaced = Object.keys(singleAccountVariables).filter((name) => env[name])
  if (misplaced.length === 0) return checked
  const expected = say('expected.nothingBesideFile')
  const problems = misplaced.map((name) => toProblem(name, env[name], expected))
  return { problems: [...('problems' in checked ? checked.problems : []), ...problems] }
}
