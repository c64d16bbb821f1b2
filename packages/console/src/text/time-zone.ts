/** In which zone times are written: the browser's, or UTC; the person's choice (Settings → Appearance). */
const KEY = 'lakegate-time-zone'

export type TimeZone = 'local' | 'UTC'

const listeners = new Set<() => void>()
let zone: TimeZone = read()

function read(): TimeZone {
  try {
    return localStorage.getItem(KEY) === 'UTC' ? 'UTC' : 'local'
  } catch {
    // Storage is closed to us.
    return 'local'
  }
}

export const timeZone = (): TimeZone => zone

export function chooseTimeZone(chosen: TimeZone): void {
  zone = chosen
  localStorage.setItem(KEY, chosen)
  for (const listener of listeners) listener()
}

export function subscribeToTimeZone(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
