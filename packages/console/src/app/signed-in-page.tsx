/** Where the small window of «Sign in again» arrives. It closes itself; where the browser does not let it, it says what to do. */
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
