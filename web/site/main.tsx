/** The page that `cranioflow export web` writes: a generator that samples in the browser. */
import { createRoot } from 'react-dom/client';
import { App } from './App.tsx';
import '../ui/theme.css';
import './site.css';

createRoot(document.getElementById('app')!).render(<App />);
