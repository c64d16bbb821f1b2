/**
 * Small choices that this browser keeps for the person: theme, density, hidden hints. If the browser cannot store them
 * (storage disabled or full), a choice lasts until the page is left, and nothing else is affected.
 */
const here = new Map<string, string>()

/** @returns null when nothing was chosen */
export function readChoice(key: string): string | null {
  const chosen = here.get(key)
  if (chosen !== undefined) return chosen
  try {
    return localStorage.getItem(key)
  } catch {
    // Storage is not available: only the choices of this page load exist.
    return null
  }
}

export function keepChoice(key: string, value: string): void {
  here.set(key, value)
  try {
    localStorage.setItem(key, value)
    // A stored value is always read from storage, because another tab may change it.
    here.delete(key)
  } catch {
    // The choice lasts for this page load.
  }
}

export function forgetChoice(key: string): void {
  here.delete(key)
  try {
    localStorage.removeItem(key)
  } catch {
    // Nothing was stored.
  }
}
