import { type Copy, DockerfileParser, type Env, type From, type Instruction } from 'dockerfile-ast'

export type Step =
  | { do: 'workdir'; path: string }
  | { do: 'env'; values: Record<string, string> }
  | { do: 'copy'; stage: string | undefined; sources: string[]; target: string }
  | { do: 'run'; command: string }

export interface Stage {
  name: string | undefined
  /** `node:22-bookworm` */
  image: string
  steps: Step[]
}

/** What the last stage says about how a container runs. */
export interface Settings {
  entrypoint: string[]
  command: string[]
  healthcheck: string[]
  user: string
  volume: string
  stopSignal: string
}

/** The stages of a Dockerfile, as far as ours goes; throws for an instruction it does not know. */
export function readDockerfile(text: string): { stages: Stage[]; settings: Settings } {
  const dockerfile = DockerfileParser.parse(text)
  const defaults = new Map(
    dockerfile.getInitialARGs().map((arg) => [arg.getProperty()?.getName(), arg.getProperty()?.getValue()]),
  )
  const expand = (value: string) => value.replace(/\$\{(\w+)\}/g, (_, name) => defaults.get(name) ?? '')
  const stages: Stage[] = []
  const settings = new Map<string, string>()
  for (const instruction of dockerfile.getInstructions()) {
    const keyword = instruction.getKeyword()
    if (keyword === 'FROM') {
      const from = instruction as From
      stages.push({
        name: from.getBuildStage() ?? undefined,
        image: expand(from.getImage() ?? ''),
        steps: [],
      })
    } else if (settingKeywords.has(keyword)) {
      settings.set(keyword, instruction.getArgumentsContent() ?? '')
    } else if (keyword !== 'ARG' && keyword !== 'EXPOSE') {
      stages.at(-1)?.steps.push(toStep(instruction))
    }
  }
  return { stages, settings: toSettings(settings) }
}

const settingKeywords = new Set(['ENTRYPOINT', 'CMD', 'HEALTHCHECK', 'USER', 'VOLUME', 'STOPSIGNAL'])

function toStep(instruction: Instruction): Step {
  const words = instruction.getArguments().map((argument) => argument.getValue())
  const [first = ''] = words
  switch (instruction.getKeyword()) {
    case 'WORKDIR':
      return { do: 'workdir', path: first }
    case 'RUN':
      return { do: 'run', command: instruction.getArgumentsContent() ?? '' }
    case 'ENV': {
      const properties = (instruction as Env).getProperties()
      return {
        do: 'env',
        values: Object.fromEntries(properties.map((p) => [p.getName(), p.getValue() ?? ''])),
      }
    }
    case 'COPY': {
      const stage = (instruction as Copy).getFromFlag()?.getValue() ?? undefined
      return { do: 'copy', stage, sources: words.slice(0, -1), target: words.at(-1) ?? '' }
    }
    default:
      throw new Error(`${instruction.getKeyword()} is not known here: ${instruction}`)
  }
}

/** Only the form that starts no shell: a shell in between keeps the signals for itself. */
function toSettings(given: Map<string, string>): Settings {
  const get = (keyword: string) => {
    const value = given.get(keyword)
    if (value === undefined) throw new Error(`The Dockerfile has no ${keyword}`)
    return value
  }
  return {
    entrypoint: JSON.parse(get('ENTRYPOINT')),
    command: JSON.parse(get('CMD')),
    healthcheck: JSON.parse(get('HEALTHCHECK').replace(/^.*?CMD /, '')),
    user: get('USER'),
    volume: get('VOLUME'),
    stopSignal: get('STOPSIGNAL'),
  }
}
