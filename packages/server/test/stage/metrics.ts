/** /metrics of a running Lakegate, as Prometheus reads it. */
import type { Lakegate } from './lakegate.ts'

export async function scrape({ ready }: Lakegate): Promise<string> {
  const response = await fetch(`${ready.http_url}/metrics`)
  if (response.status !== 200) throw new Error(`/metrics answered ${String(response.status)}`)
  return response.text()
}

/** The value of one series; 0 while it is not there. */
export const valueOf = (text: string, series: string): number =>
  Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${series} `))
      ?.split(' ')
      .at(-1) ?? 0,
  )
