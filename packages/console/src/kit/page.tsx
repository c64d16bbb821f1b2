/** The frame of a page: its one h1, its actions, tabs as links, sections, toolbars, forms. */
import { Link, type LinkProps } from '@tanstack/react-router'
import { useEffect, useRef, type SubmitEvent, type ReactNode } from 'react'
import { messages } from '../messages/index.ts'
import { classes } from './classes.ts'
import styles from './page.module.css'

export interface PageProps {
  /** Also in the title of the window: «dev · Roles · Lakegate». */
  readonly title: string
  /** In front of the page's name in the title of the window, e.g. the tab. */
  readonly section?: string
  readonly badge?: ReactNode
  readonly actions?: ReactNode
  readonly children: ReactNode
  /** Lists and the SQL editor take all the width there is. */
  readonly isWide?: boolean
}

export function Page({ title, section, badge, actions, children, isWide = false }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = [title, section, messages.app.product].filter((part) => part !== undefined).join(' · ')
  }, [title, section])
  // A new page: readers hear its name, and the keyboard goes on from its top (WCAG 2.4.3).
  useEffect(() => {
    heading.current?.focus({ preventScroll: true })
  }, [title])
  return (
    <div className={classes(!isWide && styles['page'])}>
      <div className={styles['head']}>
        <div className={styles['title']}>
          <h1 ref={heading} tabIndex={-1}>
            <bdi>{title}</bdi>
          </h1>
          {badge}
        </div>
        {actions !== undefined && <div className={styles['actions']}>{actions}</div>}
      </div>
      {children}
    </div>
  )
}

export interface TabLink {
  readonly to: LinkProps['to']
  readonly label: string
  readonly params?: Readonly<Record<string, string>>
  /** The tab of the index page is current only at exactly its path. */
  readonly isExact?: boolean
}

/** Tabs that are pages: each has its URL. */
export function TabLinks({ label, tabs }: { readonly label: string; readonly tabs: readonly TabLink[] }) {
  return (
    <nav aria-label={label} className={styles['tabs']}>
      {tabs.map((tab) => {
        const target = { to: tab.to, params: tab.params } as LinkProps
        return (
          <Link
            key={tab.label}
            {...target}
            className={styles['tab']}
            activeOptions={{ exact: tab.isExact ?? false, includeSearch: false }}
          >
            {tab.label}
          </Link>
        )
      })}
    </nav>
  )
}

export function Section({ title, children }: { readonly title?: ReactNode; readonly children: ReactNode }) {
  return (
    <section className={styles['section']}>
      {title !== undefined && <h2>{title}</h2>}
      {children}
    </section>
  )
}

export function Card({ title, children }: { readonly title?: ReactNode; readonly children: ReactNode }) {
  return (
    <section className={styles['card']}>
      {title !== undefined && <h2>{title}</h2>}
      {children}
    </section>
  )
}

/** Filters and actions above a list. */
export const Toolbar = ({ children }: { readonly children: ReactNode }) => (
  <div className={styles['toolbar']}>{children}</div>
)

export interface FormProps {
  readonly label: string
  readonly onSubmit: () => void
  readonly children: ReactNode
  readonly buttons?: ReactNode
  /** For submit buttons outside it, in a dialog. */
  readonly id?: string
}

export function Form({ label, onSubmit, children, buttons, id }: FormProps) {
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    onSubmit()
  }
  return (
    <form id={id} className={styles['form']} aria-label={label} onSubmit={submit} noValidate>
      {children}
      {buttons !== undefined && <div className={styles['formButtons']}>{buttons}</div>}
    </form>
  )
}
