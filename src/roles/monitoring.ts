import type { FastifyInstance } from 'fastify'
import type { SharedConfig } from '../base/config.ts'
import { second } from '../base/duration.ts'
import type { Log } from '../base/log.ts'
import type { AccountCounts, Metrics } from '../base/monitoring/metrics.ts'
import { rememberFor } from '../base/monitoring/rememberFor.ts'
import { healthRoutes } from '../http/healthRoutes.ts'
import { type MetricsRouteOptions, metricsRoute } from '../http/metricsRoute.ts'
import { type HttpServer, startHttpServer } from '../http/server.ts'
import { type GaugesDeps, loadGauges } from '../operations/monitoring/gauges.ts'
import {
  createReadinessCheck,
  type Readiness,
  type ReadinessDeps,
} from '../operations/monitoring/readiness.ts'

/** What a process tells of itself. */
export interface Monitoring {
  checkReadiness(): Promise<Readiness>
  metrics: MetricsRouteOptions
  /** Where what happens to an account is counted. */
  countsOf(account: string): AccountCounts
}

interface MonitoringOptions {
  /** Those of the process just now. */
  accounts(): readonly (GaugesDeps & ReadinessDeps)[]
  callsWechat(): boolean
  /** Of the metrics. */
  key: string | undefined
}

export function createMonitoring(
  { contentType, render, of }: Metrics,
  { accounts, callsWechat, key }: MonitoringOptions,
): Monitoring {
  const load = async () => render(await Promise.all(accounts().map(loadGauges)))
  return {
    checkReadiness: createReadinessCheck({ accounts, callsWechat }),
    metrics: { contentType, render: rememberFor(second, load), key },
    countsOf: of,
  }
}

/** Its routes, on any server. */
export async function addMonitoring(
  app: FastifyInstance,
  { checkReadiness, metrics }: Monitoring,
): Promise<void> {
  await app.register(healthRoutes, { checkReadiness })
  await app.register(metricsRoute, metrics)
}

/** For a process that serves nothing else. Rejects with a sentence when it cannot listen. */
export function startMonitoringServer(
  { http: { host }, metricsPort: port }: Pick<SharedConfig, 'http'> & { metricsPort: number },
  monitoring: Monitoring,
  log: Log,
): Promise<HttpServer> {
  return startHttpServer({
    host,
    port,
    portVariable: 'METRICS_PORT',
    log,
    routes: (app) => addMonitoring(app, monitoring),
  })
}
