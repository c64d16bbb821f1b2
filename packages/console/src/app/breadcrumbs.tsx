/** The path to the current page, above the heading. The page itself is the heading below and is not repeated. */
import { Link, useLocation } from '@tanstack/react-router'
import { messages } from '../messages/index.ts'
import { LISTS, SUBJECTS } from './places.tsx'
import styles from './shell.module.css'

interface Crumb {
  readonly to: string
  readonly label: string
  readonly isName: boolean
}

export function Breadcrumbs() {
  const pathname = useLocation({ select: (location) => location.pathname })
  const crumbs = crumbsOf(pathname)
  if (crumbs.length === 0) return null
  return (
    <nav aria-label={messages.app.breadcrumbs} className={styles['crumbs']}>
      <ol>
        {crumbs.map(({ to, label, isName }) => (
          <li key={to}>
            <Link to={to}>{isName ? <bdi>{label}</bdi> : label}</Link>
          </li>
        ))}
      </ol>
    </nav>
  )
}

/** @param pathname without /console */
function crumbsOf(pathname: string): readonly Crumb[] {
  const [subject = '', list = '', name = '', ...below] = pathname.split('/').slice(1)
  const top = SUBJECTS[subject]
  if (top === undefined || name === '') return []
  const crumbs: Crumb[] = [{ ...top, isName: false }]
  const label = LISTS[list]
  if (label !== undefined) crumbs.push({ to: `/${subject}/${list}`, label, isName: false })
  // Below an instance, the link leads to the page of the instance; other things have ids in their path, and the heading
  // shows their name.
  if (below.length > 0 && list === 'instances')
    crumbs.push({ to: `/${subject}/${list}/${name}`, label: decodeURIComponent(name), isName: true })
  return crumbs
}
