import { resolve } from 'node:path'
import { ConfigError } from '../configError.ts'
import { type Language, toLanguage } from '../sentences/language.ts'
import { say } from '../sentences/sentence.ts'
import { type Environment, withoutEmpty } from './checkEnvironment.ts'
import { readEnvFile } from './envFile.ts'
import { type LogLevel, logLevels } from './variables.ts'

/** `LOG_LEVEL`, or its default when it is none: the log must work before the configuration is judged. */
export function loadLogLevel(env: Environment = withProcess(readEnvFile(resolve('.env')).values)): LogLevel {
  return logLevels.find((level) => level === env.LOG_LEVEL) ?? 'info'
}

/** Known before the configuration is judged, for what is wrong with that has to be said too. */
export function loadLanguage(env: Environment = withProcess(readEnvFile(resolve('.env')).values)): Language {
  return toLanguage(env)
}

/**
 * The process environment over the `.env` file of the working directory.
 * @throws ConfigError when there is one that cannot be read
 */
export function readEnvironment(): Environment {
  const { values, fault: found } = readEnvFile(resolve('.env'))
  if (found === undefined) return withProcess(values)
  throw new ConfigError([{ variable: '.env', expected: say('expected.envFile'), found }])
}

function withProcess(values: Environment): Environment {
  return { ...values, ...withoutEmpty(process.env) }
}
