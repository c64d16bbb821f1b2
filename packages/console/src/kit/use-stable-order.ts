/**
 * Keeps rows in place while the pointer or the focus is within them, so that a row does not move away from under a
 * finger.
 */
import { useEffect, useRef } from 'react'

/**
 * @param order the person's sort order; a new one takes effect at once
 * @returns the items; while frozen in the order in which they were last shown, with new ones at the end
 */
export function useStableOrder<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
  isFrozen: boolean,
  order: unknown,
): readonly Item[] {
  const last = useRef<{ readonly places: ReadonlyMap<string, number>; readonly order: unknown }>(undefined)
  const kept = last.current
  const shown =
    isFrozen && kept !== undefined && kept.order === order ? inPlaces(items, keyOf, kept.places) : items
  useEffect(() => {
    last.current = { places: new Map(shown.map((item, place) => [keyOf(item), place])), order }
  })
  return shown
}

function inPlaces<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
  places: ReadonlyMap<string, number>,
): readonly Item[] {
  const placeOf = (item: Item) => places.get(keyOf(item)) ?? Number.POSITIVE_INFINITY
  return [...items].sort((one, other) => {
    const [a, b] = [placeOf(one), placeOf(other)]
    return a === b ? 0 : a - b
  })
}
