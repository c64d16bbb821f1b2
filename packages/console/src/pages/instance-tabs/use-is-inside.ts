/** Whether the pointer or the focus is inside an element. */
import { useState, type FocusEvent } from 'react'

export interface InsideEvents {
  readonly onPointerMove: () => void
  readonly onPointerLeave: () => void
  readonly onFocus: () => void
  readonly onBlur: (event: FocusEvent) => void
}

/** @returns whether it is, and the event handlers for the element */
export function useIsInside(): readonly [boolean, InsideEvents] {
  const [hasPointer, setPointer] = useState(false)
  const [hasFocus, setFocus] = useState(false)
  return [
    hasPointer || hasFocus,
    {
      // Any move counts: when the table appeared below the pointer, the test saw no enter event.
      onPointerMove: () => setPointer(true),
      onPointerLeave: () => setPointer(false),
      onFocus: () => setFocus(true),
      // Moving from one row to another is not leaving.
      onBlur: ({ currentTarget, relatedTarget }) =>
        setFocus(relatedTarget instanceof Node && currentTarget.contains(relatedTarget)),
    },
  ]
}
