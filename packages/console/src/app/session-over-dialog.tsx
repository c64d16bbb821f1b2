/**
 * «Your sign-in ended»: a dialog over the page, which stays as it is; signing in again happens in a separate window
 * (design 5.15).
 */
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { decideChanges, reportSignedIn, sessionOver } from '../data/session-over.ts'
import { sessionQuery } from '../data/session.ts'
import { useStore } from '../data/store.ts'
import { Button } from '../kit/button.tsx'
import { Dialog } from '../kit/dialog.tsx'
import { messages } from '../messages/index.ts'

const texts = messages.app.signInEnded

/** How often to check whether the person has signed in again, here or in another tab. */
const LOOKS_EVERY = 1_000

export function SessionOverDialog() {
  const { state, waiting } = useStore(sessionOver)
  useLookForSignIn(state === 'over')
  return (
    <>
      <SignInAgain isOpen={state === 'over'} />
      <Dialog
        title={texts.backTitle}
        isOpen={state === 'back'}
        onClose={() => decideChanges(false)}
        isChanged
        withoutCancel
        buttons={
          <>
            <Button onPress={() => decideChanges(false)}>{texts.doNotSend}</Button>
            <Button kind="primary" onPress={() => decideChanges(true)}>
              {texts.sendAgain}
            </Button>
          </>
        }
      >
        <p>{texts.back(waiting)}</p>
      </Dialog>
    </>
  )
}

function SignInAgain({ isOpen }: { readonly isOpen: boolean }) {
  const [opened, setOpened] = useState<'not_yet' | 'away' | 'blocked'>('not_yet')
  return (
    <Dialog
      title={texts.title}
      isOpen={isOpen}
      onClose={() => undefined}
      isChanged
      withoutCancel
      buttons={
        <Button kind="primary" onPress={() => setOpened(openSignIn() ? 'away' : 'blocked')}>
          {texts.signIn}
        </Button>
      }
    >
      <p>{texts.text}</p>
      {opened !== 'not_yet' && <p role="status">{texts[opened]}</p>}
    </Dialog>
  )
}

/** @returns whether the browser let the window open */
export function openSignIn(): boolean {
  const opened = window.open(
    '/console/sign-in?destination=/console/signed-in',
    'lakegate-sign-in',
    'popup,width=480,height=640',
  )
  return opened !== null
}

function useLookForSignIn(isOver: boolean): void {
  const queries = useQueryClient()
  useEffect(() => {
    if (!isOver) return undefined
    const before = queries.getQueryData(sessionQuery.queryKey)
    const look = async () => {
      // Still signed out, or the server is not reachable: checked again in a moment.
      const found = await queries.query({ ...sessionQuery, staleTime: 0 }).catch(() => undefined)
      if (found === undefined) return
      // The page belongs to the person who was signed in before, so it must not be shown to another one.
      if (before !== undefined && before.person.id !== found.person.id) location.reload()
      else reportSignedIn()
    }
    const timer = setInterval(() => void look(), LOOKS_EVERY)
    return () => clearInterval(timer)
  }, [isOver, queries])
}
