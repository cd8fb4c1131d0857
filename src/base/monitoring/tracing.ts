import nodeModule from 'node:module'
import type { Span } from '@opentelemetry/api'
import type { BullMQOtel as Telemetry } from 'bullmq-otel'

export interface TracingConfig {
  /** Of an OTLP/HTTP receiver, without `/v1/traces`. */
  endpoint: string
  serviceName: string
}

type Attributes = Record<string, string | number>

/** One trace follows a push from the call of `push()` over the queue and the send to its receipt. */
export interface Tracing {
  /** BullMQ's hook: its spans, and the trace goes with the job. */
  readonly telemetry: Telemetry
  /** Runs `work` within a span; what it rejects with is noted there. */
  span<T>(name: string, attributes: Attributes, work: () => Promise<T>): Promise<T>
  /** Of the span that is active, as W3C has it. */
  traceparent(): string | undefined
  /** Something that happened to a push in another process, long after its trace began. */
  event(name: string, traceparent: string, attributes: Attributes): void
  /** Hands over what was not handed over yet. */
  flush(): Promise<void>
}

interface Packages {
  '@opentelemetry/api': typeof import('@opentelemetry/api')
  '@opentelemetry/sdk-trace-node': typeof import('@opentelemetry/sdk-trace-node')
  '@opentelemetry/exporter-trace-otlp-http': typeof import('@opentelemetry/exporter-trace-otlp-http')
  '@opentelemetry/resources': typeof import('@opentelemetry/resources')
  'bullmq-otel': typeof import('bullmq-otel')
}

let current: Tracing | undefined

/** As OpenTelemetry has it, there is one in a process; undefined = nothing is traced, and nothing of it is loaded. */
export function findTracing(): Tracing | undefined {
  return current
}

/** Loads OpenTelemetry, the first time it is asked. Throws when its packages, which are optional, are not there. */
export function startTracing(config: TracingConfig): void {
  current ??= create(config)
}

/** So that a bundler neither follows them nor misses them. */
function load<Name extends keyof Packages>(name: Name): Packages[Name] {
  return nodeModule.createRequire(import.meta.url)(name)
}

function create({ endpoint, serviceName }: TracingConfig): Tracing {
  const { context, propagation, SpanKind, SpanStatusCode, trace } = load('@opentelemetry/api')
  const { BatchSpanProcessor, NodeTracerProvider } = load('@opentelemetry/sdk-trace-node')
  const { OTLPTraceExporter } = load('@opentelemetry/exporter-trace-otlp-http')
  const { resourceFromAttributes } = load('@opentelemetry/resources')
  const { BullMQOtel } = load('bullmq-otel')
  const exporter = new OTLPTraceExporter({ url: `${endpoint}/v1/traces` })
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': serviceName }),
    spanProcessors: [new BatchSpanProcessor(exporter)],
  })
  // A program that traces already keeps its own way, on which these spans go too.
  provider.register()
  const tracer = trace.getTracer('unionpush')

  function fail(span: Span, error: unknown): void {
    const message = error instanceof Error ? error.message : String(error)
    span.setStatus({ code: SpanStatusCode.ERROR, message })
  }

  return {
    telemetry: new BullMQOtel({ tracerName: 'unionpush' }),
    span: (name, attributes, work) =>
      tracer.startActiveSpan(name, { kind: SpanKind.CLIENT, attributes }, async (span) => {
        try {
          return await work()
        } catch (error) {
          fail(span, error)
          throw error
        } finally {
          span.end()
        }
      }),
    traceparent() {
      const carrier: { traceparent?: string } = {}
      propagation.inject(context.active(), carrier)
      return carrier.traceparent
    },
    event(name, traceparent, attributes) {
      const parent = propagation.extract(context.active(), { traceparent })
      tracer.startSpan(name, { kind: SpanKind.CONSUMER, attributes }, parent).end()
    },
    // A receiver that is away must not keep anybody from ending.
    flush: () => provider.forceFlush().catch(() => {}),
  }
}
