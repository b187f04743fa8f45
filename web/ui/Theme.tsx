/** Light, dark, or as the reader's system says; remembered in this browser. */
import { useEffect, useState } from 'react';

const THEMES = ['auto', 'light', 'dark'] as const;

export function Theme() {
  const [theme, setTheme] = useState(() => localStorage.getItem('theme') ?? 'auto');
  useEffect(() => {
    localStorage.setItem('theme', theme);
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
