import { type Checked, check, type Environment, toProblem } from '../checkEnvironment.ts'
import { type SharedValues, sharedSchema, singleAccountVariables } from '../environment.ts'

/** What stands in the environment beside the file: nothing of a single account. */
export function checkShared(env: Environment): Checked<SharedValues> {
  const checked = check(sharedSchema, env)
  const misplaced = Object.keys(singleAccountVariables).filter((name) => env[name])
  if (misplaced.length === 0) return checked
  const expected = 'nothing, because ACCOUNTS_FILE says it for each account'
  const problems = misplaced.map((name) => toProblem(name, env[name], expected))
  return { problems: [...('problems' in checked ? checked.problems : []), ...problems] }
}
