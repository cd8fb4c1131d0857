import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { z } from 'zod'
import { findUnknownVariables } from './variables.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = join(root, 'examples/kubernetes')

const metadata = z.object({ name: z.string() })
const labels = z.record(z.string(), z.string())
const selector = z.object({ matchLabels: labels })
const probe = z.object({ httpGet: z.object({ path: z.string(), port: z.string() }) })
const reference = z.object({ name: z.string() })
const containerSchema = z.object({
  args: z.array(z.string()),
  envFrom: z.array(z.object({ configMapRef: reference.optional(), secretRef: reference.optional() })),
  ports: z.array(z.object({ name: z.string(), containerPort: z.number() })),
  startupProbe: probe,
  livenessProbe: probe,
  readinessProbe: probe,
  volumeMounts: z.array(z.object({ name: z.string(), mountPath: z.string() })),
})
const podSchema = z.object({
  terminationGracePeriodSeconds: z.number(),
  containers: z.tuple([containerSchema]),
  volumes: z.array(z.object({ name: z.string() })),
})
const deploymentSchema = z.object({
  kind: z.literal('Deployment'),
  metadata,
  spec: z.object({
    selector,
    template: z.object({ metadata: z.object({ labels }), spec: podSchema }),
  }),
})
const objectSchema = z.object({ apiVersion: z.string(), kind: z.string(), metadata })
const configSchema = z.object({ data: labels.default({}), stringData: labels.default({}) })

const objects = readdirSync(folder)
  .filter((file) => file.endsWith('.yaml') && file !== 'kustomization.yaml')
  .flatMap((file) => parseAllDocuments(readFileSync(join(folder, file), 'utf8')))
  .map((document): unknown => document.toJS())
const deployments = objects
  .filter((object) => objectSchema.parse(object).kind === 'Deployment')
  .map((object) => deploymentSchema.parse(object))

test('every object has the type that Kubernetes gives it, with no field that it does not know', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'unionpush-kubernetes-'))
  try {
    await symlink(join(root, 'node_modules'), join(dir, 'node_modules'))
    await writeFile(join(dir, 'objects.ts'), objects.map(toTypedConstant).join('\n'))
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    const flags = ['--noEmit', '--strict', '--module', 'nodenext', 'objects.ts']
    const { stdout } = await promisify(execFile)(process.execPath, [tsc, ...flags], { cwd: dir }).catch(
      (error: { stdout: string }) => error,
    )
    expect(stdout).toBe('')
  } finally {
    await rm(dir, { recursive: true })
  }
})

test('kustomization.yaml lists every file', () => {
  const { resources } = parse(readFileSync(join(folder, 'kustomization.yaml'), 'utf8'))
  const files = readdirSync(folder).filter((file) => file.endsWith('.yaml') && file !== 'kustomization.yaml')
  expect([...resources].sort()).toEqual(files.sort())
})

test('there is a deployment per role, which selects its own pods', () => {
  expect(deployments.map(({ spec }) => spec.template.spec.containers[0].args).sort()).toEqual([
    ['cron'],
    ['serve'],
    ['worker'],
  ])
  for (const { spec } of deployments) {
    expect(spec.template.metadata.labels).toMatchObject(spec.selector.matchLabels)
    const others = deployments.filter((other) => other.spec !== spec)
    for (const other of others)
      expect(other.spec.template.metadata.labels).not.toMatchObject(spec.selector.matchLabels)
  }
})

test('probes ask the port where the role answers, and 40 seconds are enough to stop', () => {
  const values = configSchema.parse(
    objects.find((object) => objectSchema.parse(object).kind === 'ConfigMap'),
  ).data
  for (const { spec } of deployments) {
    const pod = spec.template.spec
    const [{ args, ports, startupProbe, livenessProbe, readinessProbe }] = pod.containers
    const [role] = args
    expect(pod.terminationGracePeriodSeconds).toBe(40)
    expect(ports).toHaveLength(1)
    expect(`${ports[0]?.containerPort}`).toBe(role === 'serve' ? values.HTTP_PORT : values.METRICS_PORT)
    const probes = [startupProbe, livenessProbe, readinessProbe].map(({ httpGet }) => httpGet)
    expect(probes.map(({ path }) => path)).toEqual(['/healthz', '/healthz', '/readyz'])
    expect(probes.every(({ port }) => port === ports[0]?.name)).toBe(true)
  }
})

test('what is referred to exists', () => {
  const exists = (kind: string, name: string) =>
    objects
      .map((object) => objectSchema.parse(object))
      .some((o) => o.kind === kind && o.metadata.name === name)
  for (const { spec } of deployments) {
    const { containers, volumes } = spec.template.spec
    for (const { configMapRef, secretRef } of containers[0].envFrom) {
      if (configMapRef) expect(exists('ConfigMap', configMapRef.name)).toBe(true)
      if (secretRef) expect(exists('Secret', secretRef.name)).toBe(true)
    }
    expect(containers[0].volumeMounts.map(({ name }) => name)).toEqual(volumes.map(({ name }) => name))
  }
  const selecting = objects.flatMap((object) => toSelected(object) ?? [])
  expect(selecting).toHaveLength(3)
  for (const { name, matchLabels } of selecting) {
    const selected = deployments.filter(({ spec }) =>
      Object.entries(matchLabels).every(([label, value]) => spec.template.metadata.labels[label] === value),
    )
    expect(selected, name).toHaveLength(1)
  }
  const scaled = z
    .object({ spec: z.object({ scaleTargetRef: z.object({ kind: z.string(), name: z.string() }) }) })
    .parse(objects.find((object) => objectSchema.parse(object).kind === 'HorizontalPodAutoscaler'))
  expect(exists(scaled.spec.scaleTargetRef.kind, scaled.spec.scaleTargetRef.name)).toBe(true)
})

test('the variables are those of the program', () => {
  const names = objects
    .filter((object) => /^(ConfigMap|Secret)$/.test(objectSchema.parse(object).kind))
    .map((object) => configSchema.parse(object))
    .flatMap(({ data, stringData }) => [...Object.keys(data), ...Object.keys(stringData)])
  expect(names.length).toBeGreaterThan(5)
  expect(findUnknownVariables(names)).toEqual([])
})

/** Of services and disruption budgets. */
function toSelected(object: unknown): { name: string; matchLabels: Record<string, string> } | undefined {
  const { kind, metadata } = objectSchema.parse(object)
  const name = `${kind} ${metadata.name}`
  if (kind === 'Service')
    return {
      name,
      matchLabels: z.object({ spec: z.object({ selector: labels }) }).parse(object).spec.selector,
    }
  if (kind === 'PodDisruptionBudget')
    return { name, ...z.object({ spec: z.object({ selector }) }).parse(object).spec.selector }
  return undefined
}

/** As TypeScript, for the types that are made from the OpenAPI description of Kubernetes. */
function toTypedConstant(object: unknown, index: number): string {
  const { apiVersion, kind } = objectSchema.parse(object)
  const module = apiVersion.includes('/') ? apiVersion : `core/${apiVersion}`
  return `export const object${index}: import('kubernetes-types/${module}').${kind} = ${JSON.stringify(object, null, 1)}`
}
