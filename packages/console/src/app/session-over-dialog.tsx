/** «Your sign-in ended»: over the page, which stays as it is; signing in again happens in a window of its own (design 5.15). */
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { onSessionOver, reportSignedIn } from '../data/session-over.ts'
import { sessionQuery } from '../data/session.ts'
import { Button } from '../kit/button.tsx'
import { Dialog } from '../kit/dialog.tsx'
import { messages } from '../messages/index.ts'

/** How often is looked whether the other window has signed in. */
const LOOKS_EVERY = 1_000

export function SessionOverDialog() {
  const [isOver, setOver] = useState(false)
  const [isAway, setAway] = useState(false)
  const queries = useQueryClient()
  useEffect(() => onSessionOver(setOver), [])
  useEffect(() => {
    if (!isOver || !isAway) return undefined
    const look = async () => {
      const found = await queries.query({ ...sessionQuery, staleTime: 0 }).catch(() => undefined)
      if (found === undefined) return
      setAway(false)
      reportSignedIn()
    }
    const timer = setInterval(() => void look(), LOOKS_EVERY)
    return () => clearInterval(timer)
  }, [isOver, isAway, queries])
  return (
    <Dialog
      title={messages.app.signInEnded.title}
      isOpen={isOver}
      onClose={() => undefined}
      isChanged
      withoutCancel
      buttons={
        <Button
          kind="primary"
          onPress={() => {
            setAway(true)
            window.open(
              '/console/sign-in?destination=/console/signed-in',
              'lakegate-sign-in',
              'popup,width=480,height=640',
            )
          }}
        >
          {messages.app.signInEnded.signIn}
        </Button>
      }
    >
      <p>{messages.app.signInEnded.text}</p>
    </Dialog>
  )
}
