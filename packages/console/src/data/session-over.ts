/**
 * The end of the browser session, which any question may meet: the dialog «Sign in again» opens once, and what asked waits
 * until the person is back.
 */
type Listener = (isOver: boolean) => void

const listeners = new Set<Listener>()
let over: { readonly back: Promise<void>; readonly resolve: () => void } | undefined

/** @returns a function that stops listening */
export function onSessionOver(listener: Listener): () => void {
  listeners.add(listener)
  listener(over !== undefined)
  return () => listeners.delete(listener)
}

export async function reportSessionOver(): Promise<void> {
  if (over !== undefined) return
  let resolve: () => void = () => undefined
  const back = new Promise<void>((settle) => {
    resolve = settle
  })
  over = { back, resolve }
  tell(true)
}

/** Settles when the person has signed in again. */
export const waitForSession = (): Promise<void> => over?.back ?? Promise.resolve()

export function reportSignedIn(): void {
  over?.resolve()
  over = undefined
  tell(false)
}

function tell(isOver: boolean): void {
  for (const listener of listeners) listener(isOver)
}
