/**
 * The keys of the console, and what each does. A key without a modifier has no effect while the focus is in a field.
 */
export type KeyAction =
  | { readonly kind: 'go'; readonly to: string }
  | { readonly kind: 'filter' | 'new' | 'help' | 'fold' | 'palette' | 'flags' }

const PLACES: Readonly<Record<string, string>> = {
  i: '/compute/instances',
  s: '/sql',
  a: '/audit',
  u: '/identity/users',
}

const SINGLE: Readonly<Record<string, 'filter' | 'new' | 'help' | 'fold'>> = {
  '/': 'filter',
  n: 'new',
  '?': 'help',
  '[': 'fold',
}

/** How long to wait for a second key after `g`. */
const SECOND_KEY_WITHIN = 1_500

export interface Press {
  readonly key: string
  readonly isCommand: boolean
  readonly hasOtherModifier: boolean
  readonly isInField: boolean
  /** In milliseconds of any clock. */
  readonly at: number
}

/** @returns a function that reads key presses, and remembers the `g` of «g i» */
export function createKeyReader(isOn: () => boolean): (press: Press) => KeyAction | undefined {
  let wentAt = -Infinity
  return (press) => {
    const isSecond = press.at - wentAt < SECOND_KEY_WITHIN
    wentAt = -Infinity
    if (press.key.toLowerCase() === 'k' && press.isCommand && !press.hasOtherModifier)
      return { kind: 'palette' }
    if (press.key === 'F8') return { kind: 'flags' }
    if (press.isCommand || press.hasOtherModifier || press.isInField || !isOn()) return undefined
    if (isSecond) {
      const to = PLACES[press.key]
      return to === undefined ? undefined : { kind: 'go', to }
    }
    if (press.key === 'g') {
      wentAt = press.at
      return undefined
    }
    const kind = SINGLE[press.key]
    return kind === undefined ? undefined : { kind }
  }
}
