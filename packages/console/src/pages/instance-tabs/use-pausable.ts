/** What stays on the page while it is paused, though newer data are known. */
import { useEffect, useState } from 'react'

export function usePausable<Data>(data: Data, isPaused: boolean): Data {
  const [kept, setKept] = useState(data)
  useEffect(() => {
    if (!isPaused) setKept(data)
  }, [data, isPaused])
  return isPaused ? kept : data
}
