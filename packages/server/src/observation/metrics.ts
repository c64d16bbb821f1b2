/** The metrics of one process, and of several together, in the text format of Prometheus. */
import {
  AggregatorRegistry,
  collectDefaultMetrics,
  Counter,
  Gauge,
  Histogram,
  Registry,
  type MetricObject,
} from 'prom-client'
import {
  METRIC_NAMES,
  METRICS,
  type CounterMetric,
  type HistogramMetric,
  type MetricDefinition,
  type MetricName,
  type ReadMetric,
} from './metric-table.ts'

export type MetricsSnapshot = readonly MetricObject[]
export interface Reading {
  readonly labels?: Readonly<Record<string, string>>
  readonly value: number
}

export interface Metrics {
  count(name: CounterMetric, labels?: Readonly<Record<string, string>>): void
  observe(name: HistogramMetric, seconds: number, labels?: Readonly<Record<string, string>>): void
  /** Called at every scrape, and at no other time. */
  read(name: ReadMetric, readings: () => readonly Reading[]): void
  /** The form in which one process sends its metrics to another. */
  snapshot(): Promise<MetricsSnapshot>
}

/** From a login with a remembered token to the login deadline. */
const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15]

export function createMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const readers = new Map<string, () => readonly Reading[]>()
  const made = new Map<MetricName, Counter | Gauge | Histogram>(
    METRIC_NAMES.map((name) => [name, make(name)]),
  )

  function make(name: MetricName): Counter | Gauge | Histogram {
    const { type, labels, sentence: help }: MetricDefinition = METRICS[name]
    const common = { name, help, labelNames: [...labels], registers: [registry] }
    switch (type) {
      case 'counter':
        return new Counter({
          ...common,
          collect() {
            const readings = readers.get(name)?.()
            if (readings === undefined) return
            this.reset()
            for (const { labels: of = {}, value } of readings) this.inc(of, value)
          },
        })
      case 'gauge':
        return new Gauge({
          ...common,
          collect() {
            for (const { labels: of = {}, value } of readers.get(name)?.() ?? []) this.set(of, value)
          },
        })
      case 'histogram':
        return new Histogram({ ...common, buckets: BUCKETS })
    }
  }

  return {
    count(name, labels = {}) {
      const counter = made.get(name)
      if (counter instanceof Counter) counter.inc(labels)
    },
    observe(name, seconds, labels = {}) {
      const histogram = made.get(name)
      if (histogram instanceof Histogram) histogram.observe(labels, seconds)
    },
    read: (name, readings) => void readers.set(name, readings),
    snapshot: () => registry.getMetricsAsJSON(),
  }
}

/** Sums over processes. */
export const renderMetrics = (snapshots: readonly MetricsSnapshot[]): Promise<string> =>
  AggregatorRegistry.aggregate([...snapshots]).metrics()
