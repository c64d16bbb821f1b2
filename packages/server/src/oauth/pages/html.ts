/**
 * HTML as a type: a `string` from outside is escaped, and only a value of type `Html` is inserted unchanged (attack
 * 33).
 */

export class Html {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Escapes every value that is not `Html`; undefined becomes an empty text. */
export function html(parts: TemplateStringsArray, ...values: readonly (Html | string | undefined)[]): Html {
  const render = (value: Html | string | undefined) =>
    value instanceof Html
      ? value.text
      : (value ?? '').replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
  return new Html(
    parts.map((part, index) => part + (index < values.length ? render(values[index]) : '')).join(''),
  )
}

export const joined = (parts: readonly Html[]): Html => new Html(parts.map(({ text }) => text).join(''))
