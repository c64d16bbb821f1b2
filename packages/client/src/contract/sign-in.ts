/** How users sign in with a browser: Lakegate's own paths below `/api/2.0/lakegate/users`. */

/** A link with which a user sets the password, once. */
export interface SignInLinkAnswer {
  user_name: string
  url: string
  expire_time: string
}

/** A browser or an application in which a user is signed in. */
export interface SignInSessionAnswer {
  session_id: string
  kind: 'BROWSER' | 'APPLICATION'
  /** Identifies a browser: the console uses it to find the one in which it runs (`ConsoleSessionAnswer`). */
  browser_id?: string
  client_id?: string
  create_time: string
  expire_time?: string
}

/** The browsers and applications in which a user is signed in. */
export interface SignInSessionsAnswer {
  sessions: SignInSessionAnswer[]
}
