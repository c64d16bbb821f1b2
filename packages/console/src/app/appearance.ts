/**
 * The person's choices of how the console looks and behaves; kept in this browser. public/theme.js reads them before
 * the first paint.
 */
import { keepChoice, readChoice } from '../browser/choices.ts'
import { createStore, type Store } from '../data/store.ts'

export type Theme = 'system' | 'light' | 'dark'
export type Density = 'comfortable' | 'compact'

function keptChoice<Value extends string>(
  key: string,
  values: readonly [Value, ...Value[]],
  apply: (value: Value) => void = () => undefined,
): Store<Value> {
  const kept = readChoice(key)
  const store = createStore<Value>(values.find((value) => value === kept) ?? values[0])
  return {
    ...store,
    set(value) {
      store.set(value)
      apply(value)
      keepChoice(key, value)
    },
  }
}

const setAttribute = (name: 'theme' | 'density', value: string | undefined) => {
  const { dataset } = document.documentElement
  if (value === undefined) Reflect.deleteProperty(dataset, name)
  else dataset[name] = value
}

export const theme = keptChoice<Theme>('lakegate-theme', ['system', 'light', 'dark'], (value) =>
  setAttribute('theme', value === 'system' ? undefined : value),
)

export const density = keptChoice<Density>('lakegate-density', ['comfortable', 'compact'], (value) =>
  setAttribute('density', value === 'compact' ? value : undefined),
)

/** Keys without a modifier; WCAG 2.1.4 requires that they can be turned off. */
export const shortcuts = keptChoice<'on' | 'off'>('lakegate-shortcuts', ['on', 'off'])

export const sidebar = keptChoice<'open' | 'folded'>('lakegate-sidebar', ['open', 'folded'])
