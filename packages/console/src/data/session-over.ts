/**
 * Handles the end of the browser session, which any request may encounter: the dialog «Sign in again» opens once, and
 * all requests wait until the person is back. Queries are then repeated automatically; a change only if the person
 * confirms it.
 */
import { createStore } from './store.ts'

export interface SessionOver {
  /** `over`: signed out; `back`: signed in again, but changes wait for «Send again». */
  readonly state: 'signed_in' | 'over' | 'back'
  /** How many changes are waiting. */
  readonly waiting: number
}

const SIGNED_IN: SessionOver = { state: 'signed_in', waiting: 0 }

/** The shell's dialog shows it. */
export const sessionOver = createStore<SessionOver>(SIGNED_IN)

let questions: (() => void)[] = []
let changes: ((sendAgain: boolean) => void)[] = []

export function reportSessionOver(): void {
  sessionOver.set({ state: 'over', waiting: changes.length })
}

/** Settles when the person has signed in again. */
export function waitForSession(): Promise<void> {
  return new Promise((resolve) => {
    questions.push(resolve)
  })
}

/** Settles when the person has signed in again and decided whether the interrupted change is sent again. */
export function askToSendAgain(): Promise<boolean> {
  return new Promise((resolve) => {
    changes.push(resolve)
    sessionOver.set({ ...sessionOver.get(), waiting: changes.length })
  })
}

export function reportSignedIn(): void {
  const waiting = questions
  questions = []
  for (const goOn of waiting) goOn()
  sessionOver.set(changes.length === 0 ? SIGNED_IN : { state: 'back', waiting: changes.length })
}

/** The answer to «Send again?», for all waiting changes. */
export function decideChanges(sendAgain: boolean): void {
  const waiting = changes
  changes = []
  sessionOver.set(SIGNED_IN)
  for (const decide of waiting) decide(sendAgain)
}
