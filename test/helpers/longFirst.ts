import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Files that take longest for what they have in them; the others are begun by their size. */
const long = ['chaos/chaos', 'cli/demo', 'library/package', 'queue/redisCluster']

/** What takes long and is begun last is waited for while nothing else is left to do. */
export class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const isLong = ({ moduleId }: TestSpecification) =>
      long.some((name) => moduleId.includes(`/test/${name}.`))
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))]
  }
}
