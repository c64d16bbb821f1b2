/** Keeps showing the same data while the page is paused, although newer data is available. */
import { useEffect, useRef } from 'react'

/** @param data may be a new object at each rendering: it is kept, never compared */
export function usePausable<Data>(data: Data, isPaused: boolean): Data {
  const kept = useRef(data)
  useEffect(() => {
    if (!isPaused) kept.current = data
  })
  return isPaused ? kept.current : data
}
