-- name: One-Two
SELECT 1;
