/** The drawing of a chart with uPlot, which is a chunk of its own and is loaded with the first chart. */
import { useEffect, useRef, useState } from 'react'
import type uPlot from 'uplot'
import { messages } from '../../messages/index.ts'
import { formatClock } from '../../text/format.ts'
import { formatTime } from '../../text/stamp.ts'
import { colourName, colourOf, tokenOf } from './chart-colours.ts'
import type { Chart } from './metrics-charts.ts'
import styles from './chart.module.css'

export interface ChartCanvasProps {
  readonly chart: Chart
  readonly group: string
  /** Index of the point at the cursor; undefined when the cursor has left the chart. */
  readonly onCursor: (place: number | undefined) => void
}

export function ChartCanvas({ chart, group, onCursor }: ChartCanvasProps) {
  const host = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot>(undefined)
  const [theme, setTheme] = useState(0)
  const shape = chart.series.map(({ id }) => id).join(' ')
  const latest = useRef({ chart, onCursor })
  useEffect(() => {
    latest.current = { chart, onCursor }
    plot.current?.setData(dataOf(chart))
  })
  useEffect(() => onThemeChange(() => setTheme((count) => count + 1)), [])
  useEffect(() => {
    const element = host.current
    if (element === null) return undefined
    let made: uPlot | undefined
    let isGone = false
    const sizes = new ResizeObserver(() => made?.setSize(sizeOf(element)))
    void import('./plot.ts').then(({ createPlot }) => {
      if (isGone) return
      made = createPlot(
        optionsOf(latest.current.chart, group, element, (place) => latest.current.onCursor(place)),
        dataOf(latest.current.chart),
        element,
      )
      plot.current = made
      sizes.observe(element)
    })
    return () => {
      isGone = true
      sizes.disconnect()
      made?.destroy()
      plot.current = undefined
    }
    // A different set of series, or other colours, need a new plot; new values do not.
  }, [shape, group, theme])
  return (
    <div
      ref={host}
      className={styles['canvas']}
      role="img"
      aria-label={messages.instanceTabs.metrics.chartOf(chart.summary)}
    />
  )
}

const sizeOf = ({ clientWidth, clientHeight }: HTMLElement) => ({
  width: Math.max(clientWidth, 1),
  height: Math.max(clientHeight, 1),
})

const dataOf = ({ times, series }: Chart): uPlot.AlignedData => [
  times.map((time) => time.getTime() / 1000),
  ...series.map(({ values }) => [...values]),
]

/** Room for the numbers of the axis. */
const AXIS_WIDTH = 72
/** Half of the last time label extends beyond the axis. */
const PADDING: uPlot.Padding = [8, 28, 0, 0]
const TIME_AXIS_HEIGHT = 32
/** A label with seconds, and some space. */
const TIME_LABEL_SPACE = 84
const WHOLE_STEPS = [1, 2, 5]
  .flatMap((step) => [1, 10, 100, 1000, 10_000].map((ten) => step * ten))
  .sort((one, other) => one - other)
const LIMIT_DASH = [6, 4]

function optionsOf(
  chart: Chart,
  group: string,
  element: HTMLElement,
  onCursor: (place: number | undefined) => void,
): uPlot.Options {
  const axis = {
    stroke: tokenOf('--text-2'),
    grid: { stroke: tokenOf('--line'), width: 1 },
    ticks: { show: false },
  }
  return {
    ...sizeOf(element),
    legend: { show: false },
    padding: PADDING,
    cursor: { sync: { key: group }, drag: { x: false, y: false }, y: false },
    scales: { y: { range: (_plot, _least, _most) => [0, topOf(chart)] } },
    axes: [
      {
        ...axis,
        size: TIME_AXIS_HEIGHT,
        space: TIME_LABEL_SPACE,
        values: (_plot, times, _axis, _space, step) => times.map((at) => timeLabel(at, step)),
      },
      {
        ...axis,
        size: AXIS_WIDTH,
        ...(chart.isCount === true ? { incrs: WHOLE_STEPS } : {}),
        values: (_plot, values) => values.map((value) => chart.format(value)),
      },
    ],
    series: [
      {},
      ...chart.series.map((series, index) => ({
        label: series.title,
        stroke: colourOf(colourName(series, index)),
        width: series.isLimit === true ? 1 : 1.5,
        ...(series.isLimit === true ? { dash: LIMIT_DASH } : {}),
        // A value without neighbours can only be drawn as a point, not as a line.
        points: { show: hasGaps(series.values), size: 5 },
        spanGaps: false,
      })),
    ],
    hooks: { setCursor: [({ cursor }) => onCursor(cursor.idx ?? undefined)] },
  }
}

const hasGaps = (values: readonly (number | null)[]): boolean => values.includes(null)

const MINUTE = 60

/** @param step between two labels, in seconds */
const timeLabel = (at: number, step: number): string =>
  step < MINUTE ? formatTime(new Date(at * 1000)) : formatClock(new Date(at * 1000))

/** A limit far above the values would flatten everything else, so it is drawn only when the values come near it. */
function topOf({ series }: Chart): number {
  const seen = series.filter(({ isLimit }) => isLimit !== true).flatMap(({ values }) => values)
  const most = seen.reduce<number>((top, value) => Math.max(top, value ?? 0), 1)
  const limit = series.find(({ isLimit }) => isLimit === true)?.values.at(-1)
  const nearLimit = limit !== undefined && limit !== null && most > limit / 4
  return (nearLimit ? Math.max(most, limit) : most) * 1.1
}

/** The theme is an attribute of the page, or the system's setting. @returns a function that stops listening */
function onThemeChange(listener: () => void): () => void {
  const dark = matchMedia('(prefers-color-scheme: dark)')
  const attribute = new MutationObserver(listener)
  attribute.observe(document.documentElement, { attributeFilter: ['data-theme'] })
  dark.addEventListener('change', listener)
  return () => {
    attribute.disconnect()
    dark.removeEventListener('change', listener)
  }
}
