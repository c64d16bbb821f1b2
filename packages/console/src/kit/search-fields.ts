/**
 * What a page keeps in the query of its address, for `validateSearch` of its route. Written without zod, because routes
 * are part of the first load, and zod would be a tenth of it. Invalid values in an address are ignored; the page still
 * opens.
 */
type Field<Value> = (value: unknown) => Value | undefined

export const text: Field<string> = (value) => (typeof value === 'string' && value !== '' ? value : undefined)

export const oneOf =
  <const Value extends string>(values: readonly Value[]): Field<Value> =>
  (value) =>
    values.find((candidate) => candidate === value)

export type Found<Values> = { [Name in keyof Values]?: Values[Name] | undefined }

/** @returns the valid fields of the address */
export const searchFields =
  <Values extends object>(fields: { readonly [Name in keyof Values]: Field<Values[Name]> }) =>
  (search: Readonly<Record<string, unknown>>): Found<Values> => {
    const found: Found<Values> = {}
    for (const name of Object.keys(fields) as (keyof Values & string)[]) {
      const value = fields[name](search[name])
      if (value !== undefined) found[name] = value
    }
    return found
  }
