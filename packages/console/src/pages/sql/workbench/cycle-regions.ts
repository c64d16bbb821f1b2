/** F6 and Shift+F6 move the focus between schema, editor and results. */

/** @returns a function that stops it */
export function cycleRegions(findRoot: () => HTMLElement | null): () => void {
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'F6') return
    const regions = [...(findRoot()?.querySelectorAll<HTMLElement>('[data-region]') ?? [])]
    if (regions.length === 0) return
    event.preventDefault()
    const at = regions.findIndex((region) => region.contains(document.activeElement))
    const next = regions[(at + (event.shiftKey ? regions.length - 1 : 1)) % regions.length]
    if (next !== undefined) enter(next)
  }
  addEventListener('keydown', onKeyDown)
  return () => removeEventListener('keydown', onKeyDown)
}

/** Prefers the editor or the grid; otherwise the first focusable element. */
function enter(region: HTMLElement): void {
  const editor = region
    .querySelector<HTMLElement>('[data-sql-editor]')
    ?.shadowRoot?.querySelector('.cm-content')
  const target =
    editor ??
    region.querySelector('[data-result-grid]') ??
    region.querySelector('input, button, a[href], [tabindex="0"]')
  if (target instanceof HTMLElement) target.focus()
}
