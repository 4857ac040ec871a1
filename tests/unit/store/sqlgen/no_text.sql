-- name: one

-- name: two
SELECT 2;
