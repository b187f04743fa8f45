/** Light, dark, or as the reader's system says; remembered in this browser. */
import { useEffect, useState } from 'react';

const THEMES = ['auto', 'light', 'dark'] as const;

function remembered(): string {
  try {
    return localStorage.getItem('theme') ?? 'auto';
  } catch {
    return 'auto';
  }
}

export function Theme() {
  const [theme, setTheme] = useState(remembered);
  useEffect(() => {
    try {
      localStorage.setItem('theme', theme);
    } catch {
      // A browser that keeps nothing forgets it.
    }
    if (theme === 'auto') document.documentElement.removeAttribute('data-theme');
    else document.documentElement.setAttribute('data-theme', theme);
  }, [theme]);
  return (
    <label className="theme">
      <span className="hidden">Light or dark</span>
      <select value={theme} onChange={({ target }) => setTheme(target.value)}>
        {THEMES.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </label>
  );
}
