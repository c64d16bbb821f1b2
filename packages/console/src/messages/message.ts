/** How texts are kept: one catalogue per subject, whole sentences, names as arguments. */

/** One form for each plural category that the language has; English has `one` and `other`. */
export function plural(count: number, forms: { readonly one: string; readonly other: string }): string {
  const category = new Intl.PluralRules('en').select(count)
  return (category === 'one' ? forms.one : forms.other).replace(
    '#',
    new Intl.NumberFormat('en').format(count),
  )
}

interface Texts {
  readonly [key: string]: string | ((...values: never[]) => string) | Texts
}

/** `en-XA`: two fifths longer and with accents, so that untranslated and truncated texts become visible. */
export function toPseudoLocale<Catalogue extends Texts>(catalogue: Catalogue): Catalogue {
  const entries = Object.entries(catalogue).map(([key, value]) => {
    if (typeof value === 'string') return [key, lengthen(value)] as const
    if (typeof value === 'function') {
      const say = value as (...values: unknown[]) => string
      return [key, (...values: unknown[]) => lengthen(say(...values), values)] as const
    }
    return [key, toPseudoLocale(value)] as const
  })
  return Object.fromEntries(entries) as Catalogue
}

const ACCENTED: Readonly<Record<string, string>> = {
  a: 'á',
  e: 'é',
  i: 'í',
  o: 'ó',
  u: 'ú',
  A: 'Á',
  E: 'É',
  O: 'Ó',
  U: 'Ú',
}

const escapeForRegExp = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** @param values inserted into the sentence, such as names and times: no language changes them */
function lengthen(text: string, values: readonly unknown[] = []): string {
  const kept = values.filter((value) => typeof value === 'string' && value !== '') as string[]
  const letters = new RegExp([...kept.map(escapeForRegExp), '[aeiouAEOU]'].join('|'), 'g')
  const accented = text.replace(letters, (found) => ACCENTED[found] ?? found)
  return `[${accented}${'·'.repeat(Math.ceil(text.length * 0.4))}]`
}
