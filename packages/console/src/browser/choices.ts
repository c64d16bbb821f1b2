/**
 * Small choices that this browser keeps for the person: theme, density, what was hidden. A browser may keep nothing (storage
 * closed by a setting, or full); a choice then holds until the page is left, and nothing else suffers.
 */
const here = new Map<string, string>()

/** @returns null where nothing was chosen */
export function readChoice(key: string): string | null {
  const chosen = here.get(key)
  if (chosen !== undefined) return chosen
  try {
    return localStorage.getItem(key)
  } catch {
    // Storage is closed to us: the choices of this page load are all there are.
    return null
  }
}

export function keepChoice(key: string, value: string): void {
  here.set(key, value)
  try {
    localStorage.setItem(key, value)
    // What is kept there is read there: another tab may change it.
    here.delete(key)
  } catch {
    // It holds for this page load.
  }
}

export function forgetChoice(key: string): void {
  here.delete(key)
  try {
    localStorage.removeItem(key)
  } catch {
    // Nothing was kept.
  }
}
