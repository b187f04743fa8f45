/** The page that `cranioflow export web` writes: a generator that samples in the browser. */
import { createRoot } from 'react-dom/client';
import { Guard } from '../ui/Guard.tsx';
import { App } from './App.tsx';
import '../ui/theme.css';
import './site.css';

createRoot(document.getElementById('app')!).render(
  <Guard place="">
    <App />
  </Guard>,
);
