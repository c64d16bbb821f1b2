/**
 * The token of the card, only in the memory of this component. It is removed when it expires, when the page is left,
 * and when the page was hidden for five minutes (design 5.3).
 */
import { useCallback, useEffect, useState } from 'react'
import { useMintCredential, type WantedCredential } from '../../../data/credentials.ts'

/** How long the page may be hidden. */
const HIDDEN_FOR = 5 * 60_000

export type TokenState =
  | { readonly kind: 'none' }
  | { readonly kind: 'held'; readonly token: string; readonly expiresAt: Date; readonly isFirst: boolean }
  | { readonly kind: 'expired'; readonly expiresAt: Date }
  | { readonly kind: 'hidden' }

export interface TokenOfCard {
  readonly state: TokenState
  readonly get: (wanted: WantedCredential) => void
  readonly expire: () => void
  readonly isBusy: boolean
  readonly error: Error | null
}

export function useToken(): TokenOfCard {
  const [state, setState] = useState<TokenState>({ kind: 'none' })
  const { mutate, reset, isPending, error } = useMintCredential()
  const isHeld = state.kind === 'held'
  useEffect(() => (isHeld ? onLongHidden(() => setState({ kind: 'hidden' })) : undefined), [isHeld])
  const expire = useCallback(() => {
    setState((current) =>
      current.kind === 'held' ? { kind: 'expired', expiresAt: current.expiresAt } : current,
    )
  }, [])
  const get = (wanted: WantedCredential) =>
    mutate(wanted, {
      onSuccess({ token, expiration_time: expiresAt }) {
        setState((current) => ({
          kind: 'held',
          token,
          expiresAt: new Date(expiresAt),
          isFirst: current.kind === 'none',
        }))
        // Otherwise the mutation would also keep the answer.
        reset()
      },
    })
  return { state, get, expire, isBusy: isPending, error }
}

/** @returns a function that stops it */
function onLongHidden(act: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  const look = () => {
    clearTimeout(timer)
    if (document.visibilityState === 'hidden') timer = setTimeout(act, HIDDEN_FOR)
  }
  look()
  document.addEventListener('visibilitychange', look)
  return () => {
    clearTimeout(timer)
    document.removeEventListener('visibilitychange', look)
  }
}
