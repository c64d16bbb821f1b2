/** Whether the page is as narrow as a phone (design 7.2). */
import { useSyncExternalStore } from 'react'

const PHONE = '(max-width: 640px)'

function subscribe(listener: () => void): () => void {
  const media = matchMedia(PHONE)
  media.addEventListener('change', listener)
  return () => media.removeEventListener('change', listener)
}

export const useIsPhone = (): boolean => useSyncExternalStore(subscribe, () => matchMedia(PHONE).matches)
