/** What a page keeps in the query of its address: texts only, so that the first load needs no library for it. */

/** @returns for `validateSearch` of a route: the texts of these names, without what is empty or no text */
export const searchTexts =
  <Name extends string>(...names: readonly Name[]) =>
  (search: Readonly<Record<string, unknown>>): { readonly [Key in Name]?: string } => {
    const texts: { [Key in Name]?: string } = {}
    for (const name of names) {
      const value = search[name]
      // The router reads `?filter=12` as a number.
      if (typeof value === 'number') texts[name] = String(value)
      if (typeof value === 'string' && value !== '') texts[name] = value
    }
    return texts
  }
