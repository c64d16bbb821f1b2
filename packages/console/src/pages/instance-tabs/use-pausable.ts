/** What stays on the page while it is paused, though newer data are known. */
import { useEffect, useRef } from 'react'

/** @param data may be made anew with each rendering: it is kept, never compared */
export function usePausable<Data>(data: Data, isPaused: boolean): Data {
  const kept = useRef(data)
  useEffect(() => {
    if (!isPaused) kept.current = data
  })
  return isPaused ? kept.current : data
}
