/**
 * The last page in the small window of «Sign in again». It closes itself; if the browser does not allow that, it tells
 * the person what to do.
 */
import { Link } from '@tanstack/react-router'
import { useEffect } from 'react'
import { messages } from '../messages/index.ts'
import styles from './shell.module.css'

export function SignedInPage() {
  useEffect(() => {
    document.title = messages.app.product
    window.close()
  }, [])
  return (
    <main className={styles['alone']}>
      <h1>{messages.app.signedIn.title}</h1>
      <p>{messages.app.signedIn.text}</p>
      <Link to="/compute/instances">{messages.app.signedIn.open}</Link>
    </main>
  )
}
